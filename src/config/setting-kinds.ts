/** Makes rows of the table of settings: kinds that differ in one word, and rows with long texts. */

export function moduleDatabase<Module extends string>(module: Module) {
  return {
    type: "url",
    secret: true,
    defaultSays: "`DATABASE_URL`",
    says: `A PostgreSQL server for the ${module} module alone.`,
  } as const;
}

export function caFile<What extends string>(what: What) {
  return {
    type: "text",
    defaultSays: "Node's own list of CAs",
    says: `A PEM file with the CA that signed ${what}. Only this CA is trusted then.`,
  } as const;
}

export function perMinute<Default extends number>(most: Default, what: string) {
  return {
    type: "integer",
    default: most,
    min: 0,
    max: 1_000_000,
    says: `${what}. Counted per process; requests above it are answered 429. 0 means no limit.`,
  } as const;
}

export function serviceUrl<Service extends string>(service: Service) {
  return {
    type: "text",
    defaultSays: "needed by `--services=gateway` only",
    says: `The address of the ${service} service for the gateway, such as http://10.0.0.7:8080. Several are separated by commas.`,
  } as const;
}

export const managementPort = {
  type: "integer",
  min: 0,
  max: 65_535,
  defaultSays: "`PORT`",
  says: "A port for /actuator and /admin alone; `PORT` then answers them 404. For processes that the public can reach.",
} as const;
