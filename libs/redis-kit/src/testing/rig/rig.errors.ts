export type RigErrorCode =
  | 'BINARY_NOT_FOUND'
  | 'SERVER_NOT_STARTED'
  | 'NO_FREE_PORT'
  | 'NOT_RUNNING'
  | 'NOT_IN_TIME'
  | 'LEAKED'
  | 'SCENARIO_FAILED'
  | 'SCENARIO_EXITED'
  | 'NOT_A_MEMBER'
  | 'INVALID_OPTION';

/** Anything the rig itself could not do; what a server answers stays the `ReplyError` of ioredis. */
export class RigError extends Error {
  readonly code: RigErrorCode;

  constructor(code: RigErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RigError';
    this.code = code;
  }
}
