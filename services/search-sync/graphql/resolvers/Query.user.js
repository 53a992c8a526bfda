import { askForUser, userOf } from './users.js';

export function request(ctx) {
  return askForUser(ctx, ctx.args.id);
}

export function response(ctx) {
  return userOf(ctx);
}
