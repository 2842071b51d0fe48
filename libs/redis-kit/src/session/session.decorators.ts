import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { describeDevice } from './device.js';
import { carrierOf, stateOf } from './session-request.js';

const requestOf = (context: ExecutionContext): object =>
  context.switchToHttp().getRequest<object>();

/** The data of the request's session, to read and to change. */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext) => carrierOf(requestOf(context)).session,
);

/** The user of the request's session; undefined for a guest. */
export const CurrentUserId = createParamDecorator(
  (_: unknown, context: ExecutionContext) => stateOf(carrierOf(requestOf(context)).session)?.userId,
);

/** The device the request comes from, as far as it says. */
export const CurrentDevice = createParamDecorator((_: unknown, context: ExecutionContext) =>
  describeDevice(carrierOf(requestOf(context)).client),
);
