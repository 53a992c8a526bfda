import { askForUser, userOf } from './users.js';

export function request(ctx) {
  return askForUser(ctx, ctx.source.customerId);
}

export function response(ctx) {
  return userOf(ctx);
}
