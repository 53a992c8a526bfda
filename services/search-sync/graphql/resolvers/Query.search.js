import { USUAL, firstOf, tenantOf } from './shared.js';
import { util } from '@aws-appsync/utils';

// A function asks the search engine; it is told whose documents these are.
export function request(ctx) {
  const tenant = tenantOf(ctx);
  const payload = { tenant: tenant, first: firstOf(ctx, USUAL) };
  for (const name of ['q', 'kind', 'after']) {
    if (ctx.args[name] !== undefined && ctx.args[name] !== null) {
      payload[name] = ctx.args[name];
    }
  }
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
