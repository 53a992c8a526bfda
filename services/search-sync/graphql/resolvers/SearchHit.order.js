import { askForOrder, firstOrderOf } from './orders.js';

export function request(ctx) {
  return askForOrder(ctx, ctx.source.kind === 'order' ? ctx.source.id : null);
}

export function response(ctx) {
  return firstOrderOf(ctx);
}
