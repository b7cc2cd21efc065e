/** Writes the content of server.properties. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, keyStoreOf } from "./certificates.ts";

type Listeners = { addresses: string; more: string };

export function plain(port: number): Listeners {
  return { addresses: `PLAINTEXT://127.0.0.1:${port}`, more: "" };
}

type EncryptedOptions = {
  folder: string;
  port: number;
  saslPort: number;
  tls: Certificates;
  login: { username: string; password: string };
};

/** One listener for clients with TLS, and one for clients that also log in. */
export function encrypted({ folder, port, saslPort, tls, login }: EncryptedOptions): Listeners {
  const keyStore = join(folder, "server.pem");
  writeFileSync(keyStore, keyStoreOf(tls), { mode: 0o600 });
  const sasl = "listener.name.sasl_ssl";
  const modules = "org.apache.kafka.common.security";
  return {
    addresses: `SSL://localhost:${port},SASL_SSL://localhost:${saslPort}`,
    more: `listener.security.protocol.map=SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SSL
ssl.keystore.type=PEM
ssl.keystore.location=${keyStore}
ssl.truststore.type=PEM
ssl.truststore.location=${tls.ca}
${sasl}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
${sasl}.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${login.username}="${login.password}";
${sasl}.scram-sha-256.sasl.jaas.config=${modules}.scram.ScramLoginModule required;
${sasl}.scram-sha-512.sasl.jaas.config=${modules}.scram.ScramLoginModule required;
`,
  };
}

export function configuration(folder: string, { addresses, more }: Listeners, controllerPort: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=${addresses},CONTROLLER://127.0.0.1:${controllerPort}
${more}log.dirs=${join(folder, "data")}
log.retention.hours=168
log.retention.bytes=1073741824
auto.create.topics.enable=false
# One node holds every copy.
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# After kill -9 the controller keeps the broker out until the session of its former self is over, usually 9 s.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
# Otherwise the controller writes a record every half second that says nothing: a third of what an idle broker costs.
metadata.max.idle.interval.ms=0
# The first consumer of a group begins at once instead of waiting 3 s for others.
group.initial.rebalance.delay.ms=0
# As many as cores. The usual eight and three wake each other more often, and cost an idle broker a quarter more.
num.io.threads=2
num.network.threads=1
`;
}
