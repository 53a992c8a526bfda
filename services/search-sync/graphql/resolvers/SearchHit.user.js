import { askForUser, userOf } from './users.js';

export function request(ctx) {
  return askForUser(ctx, ctx.source.kind === 'user' ? ctx.source.id : null);
}

export function response(ctx) {
  return userOf(ctx);
}
