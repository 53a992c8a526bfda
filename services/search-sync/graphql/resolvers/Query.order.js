import { askForOrder, firstOrderOf } from './orders.js';

export function request(ctx) {
  return askForOrder(ctx, ctx.args.id);
}

export function response(ctx) {
  return firstOrderOf(ctx);
}
