import { MOST, USUAL, answerAtOnce, answered, firstOf, isId, tenantOf } from './shared.js';
import { util } from '@aws-appsync/utils';

export function askForOrder(ctx, id) {
  const tenant = tenantOf(ctx);
  if (!isId('ord', id)) {
    answerAtOnce(null);
  }
  return {
    operation: 'Query',
    index: 'gsi1',
    query: {
      expression: 'gsi1pk = :pk AND gsi1sk = :sk',
      expressionValues: util.dynamodb.toMapValues({ ':pk': `TENANT#${tenant}#ORDERS`, ':sk': id }),
    },
    limit: 1,
  };
}

function orderOf(item) {
  const data = item.data;
  return {
    id: data.id,
    status: data.status,
    customerId: data.customer_id,
    customerName: data.customer_name,
    lines: data.lines,
    total: data.total,
    placedAt: data.placed_at,
    revision: data.revision,
  };
}

export function firstOrderOf(ctx) {
  const items = answered(ctx).items;
  return items.length ? orderOf(items[0]) : null;
}

function cursorOf(id) {
  return util.base64Encode(id);
}

// The order that a list goes on after, or null. A cursor says no more than an id: whose list it is
// comes from the token.
function afterOf(ctx) {
  const cursor = ctx.args.after;
  if (cursor === undefined || cursor === null) {
    return null;
  }
  const id = util.matches('^[A-Za-z0-9+/]{40}$', cursor) ? util.base64Decode(cursor) : null;
  if (!isId('ord', id)) {
    util.error('this cursor was not issued for this list', 'invalid-cursor');
  }
  return id;
}

// The orders of all, of one status, of one customer, or of both: then the customer's are looked
// through, a hundred at a time.
export function askForOrders(ctx, customer, status) {
  const tenant = tenantOf(ctx);
  const after = afterOf(ctx);
  const first = firstOf(ctx, USUAL);
  if (customer && !isId('usr', customer)) {
    answerAtOnce({ edges: [], pageInfo: { hasNextPage: false, endCursor: null } });
  }
  const pk = customer ? `TENANT#${tenant}#USER#${customer}` : `TENANT#${tenant}#ORDERS`;
  const prefix = customer ? 'ORDER#' : '';
  const index = status ? 'gsi2' : 'gsi1';
  const names = customer ? 'pk = :pk AND sk' : `${index}pk = :pk AND ${index}sk`;
  const asked = {
    operation: 'Query',
    query: {
      expression: `${names} BETWEEN :last AND :first`,
      expressionValues: util.dynamodb.toMapValues({
        ':pk': status && !customer ? `${pk}#${status}` : pk,
        ':last': `${prefix}ord_`,
        ':first': prefix + (after ? after : 'ord_~'),
      }),
    },
    // BETWEEN takes in the order that the list goes on after, and one more tells if there is more.
    limit: customer && status ? MOST + 1 : first + 2,
    scanIndexForward: false,
  };
  if (!customer) {
    asked.index = index;
  }
  return asked;
}

export function ordersOf(ctx, customer, status) {
  const result = answered(ctx);
  const after = afterOf(ctx);
  const first = firstOf(ctx, USUAL);
  const edges = [];
  let last = null;
  // DynamoDB ends a page early at 1 MB.
  const lookedThrough = customer && status ? true : result.items.length < first + 2;
  let more = result.nextToken && lookedThrough ? true : false;
  for (const item of result.items) {
    const node = orderOf(item);
    const wanted = node.id !== after && (!status || node.status === status);
    if (edges.length === first) {
      more = more || wanted;
    } else {
      // Where the list goes on: after what was looked at, be it shown or not.
      last = node.id;
      if (wanted) {
        edges.push({ cursor: cursorOf(node.id), node: node });
      }
    }
  }
  return { edges: edges, pageInfo: { hasNextPage: more, endCursor: last ? cursorOf(last) : null } };
}
