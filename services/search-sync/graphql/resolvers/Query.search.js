import { USUAL, firstOf, tenantOf } from './shared.js';
import { util } from '@aws-appsync/utils';

// A function asks the search engine. It is told what was asked, and whose documents these are.
export function request(ctx) {
  const tenant = tenantOf(ctx);
  const payload = {};
  for (const name of Object.keys(ctx.args)) {
    if (ctx.args[name] !== null) {
      payload[name] = ctx.args[name];
    }
  }
  payload.first = firstOf(ctx, USUAL);
  payload.tenant = tenant;
  return { operation: 'Invoke', payload: payload };
}

export function response(ctx) {
  if (ctx.error || !ctx.result) {
    util.error('an unexpected error', 'internal-error');
  }
  if (ctx.result.problem) {
    util.error(ctx.result.problem.detail, ctx.result.problem.type);
  }
  return ctx.result.data;
}
