// What all resolvers share. A deployment puts into a resolver's one file what it imports from here.
// APPSYNC_JS has no exceptions, no loops but for-of, and no regular expressions but util.matches.
import { runtime, util } from '@aws-appsync/utils';

const ULID = '[0-7][0-9A-HJKMNP-TV-Z]{25}';
export const MOST = 100;

// How long a page is that nobody said the length of.
export const USUAL = 20;

// The tenant of the caller: as the verified token says, and of the alphabet that keys are made of.
// An access token says none, and no other kind of token is one for an API.
export function tenantOf(ctx) {
  const claims = ctx.identity ? ctx.identity.claims : null;
  const tenant = claims ? claims['custom:tenant'] : null;
  if (typeof tenant !== 'string' || !util.matches('^[a-z][a-z0-9-]{0,62}$', tenant)) {
    util.unauthorized();
  }
  if (claims.token_use && claims.token_use !== 'id') {
    util.unauthorized();
  }
  return tenant;
}

export function isId(prefix, id) {
  return typeof id === 'string' && util.matches(`^${prefix}_${ULID}$`, id);
}

// How many are wanted.
export function firstOf(ctx, usual) {
  const first = ctx.args.first;
  if (first === undefined || first === null) {
    return usual;
  }
  if (first < 1 || first > MOST) {
    util.error(`first is 1 to ${MOST}`, 'invalid-first');
  }
  return first;
}

// What the data source has answered; its own words are for no caller.
export function answered(ctx) {
  if (ctx.error) {
    util.error('this cannot be read at the moment', 'unavailable');
  }
  return ctx.result;
}

// Nothing to ask: this is the answer.
export function answerAtOnce(value) {
  runtime.earlyReturn(value);
}
