import { askForOrders, ordersOf } from './orders.js';

export function request(ctx) {
  return askForOrders(ctx, ctx.args.customer, ctx.args.status);
}

export function response(ctx) {
  return ordersOf(ctx, ctx.args.customer, ctx.args.status);
}
