export { SessionModule } from './session.module.js';
export type { SessionModuleAsyncOptions } from './session.module.js';
export type {
  ForeignSessionOptions,
  SessionCookieOptions,
  SessionModuleOptions,
} from './session.options.js';
export { SessionService } from './session.service.js';
export type { Login, LoginOptions, ScannedSession, SessionInfo } from './session.service.js';
export { RedisSessionStore } from './redis-session.store.js';
export { SessionGuard } from './session.guard.js';
export { FreshAuthGuard, RequireFreshAuth } from './fresh-auth.guard.js';
export { CurrentDevice, CurrentSession, CurrentUserId } from './session.decorators.js';
export type { SessionDevice } from './device.js';
export type { RevocationReason } from './session.events.js';
export {
  LoginRevokedError,
  NoSessionError,
  SessionConflictError,
  SessionLimitError,
  SessionTooLargeError,
} from './session.errors.js';
export {
  FreshAuthRequiredException,
  SessionRequiredException,
  SessionUnavailableException,
} from './session.exception.js';
