/**
 * Defines the error of an append that the log did not acknowledge. `handedOver` is false only when the records are
 * certainly not stored, now or later.
 */
export class AppendFailed extends Error {
  readonly handedOver: boolean;
  /** The log has refused these records, and would refuse them again. */
  readonly refused: boolean;

  constructor(topic: string, handedOver: boolean, cause: unknown, refused = false) {
    const doubt = handedOver ? "it is not known whether they were stored" : "nothing was stored";
    super(`records for ${topic} were not acknowledged; ${doubt}`, { cause });
    this.name = "AppendFailed";
    this.handedOver = handedOver;
    this.refused = refused;
  }
}

/** There is no such topic, so the log refuses each record for it. */
export class UnknownTopic extends Error {
  constructor(topic: string) {
    super(`there is no topic ${topic}: ensureTopics makes it when the process starts`);
    this.name = "UnknownTopic";
  }
}
