import { askForOrders, ordersOf } from './orders.js';

export function request(ctx) {
  return askForOrders(ctx, ctx.source.id, ctx.args.status);
}

export function response(ctx) {
  return ordersOf(ctx, ctx.source.id, ctx.args.status);
}
