/** Rows of the table of settings that differ in a word. */

export function moduleDatabase<Module extends string>(module: Module) {
  return {
    type: "url",
    secret: true,
    defaultSays: "`DATABASE_URL`",
    says: `The PostgreSQL server of the ${module} module, where it has one of its own.`,
  } as const;
}

export function caFile<What extends string>(what: What) {
  return {
    type: "text",
    defaultSays: "the CAs that Node knows",
    says: `The PEM file of the CA that signed ${what}; no other is trusted then.`,
  } as const;
}

export function perMinute<Default extends number>(most: Default, what: string) {
  return {
    type: "integer",
    default: most,
    min: 0,
    says: `How many ${what}, in a minute and of each process; beyond it 429 with Retry-After. 0 is no limit.`,
  } as const;
}

export function serviceUrl<Service extends string>(service: Service) {
  return {
    type: "text",
    defaultSays: "only read by `--services=gateway`",
    says: `Where the gateway finds the ${service} service, such as http://10.0.0.7:8080; several by comma.`,
  } as const;
}
