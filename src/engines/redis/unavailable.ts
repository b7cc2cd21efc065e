/** Defines the error of a Redis that did not answer, in time or at all: it is unknown whether a command ran. */
export class RedisUnavailable extends Error {
  readonly operation: string;

  constructor(operation: string, cause: unknown) {
    super(`Redis did not answer ${operation}`, { cause });
    this.name = "RedisUnavailable";
    this.operation = operation;
  }
}
