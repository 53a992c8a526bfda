import { answerAtOnce, answered, isId, tenantOf } from './shared.js';
import { util } from '@aws-appsync/utils';

export function askForUser(ctx, id) {
  const tenant = tenantOf(ctx);
  if (!isId('usr', id)) {
    answerAtOnce(null);
  }
  return {
    operation: 'GetItem',
    key: util.dynamodb.toMapValues({ pk: `TENANT#${tenant}#USER#${id}`, sk: 'USER' }),
  };
}

// A user without a name is one of whom nothing is known yet, or who is erased.
export function userOf(ctx) {
  const item = answered(ctx);
  if (!item || !item.data.name) {
    return null;
  }
  const data = item.data;
  return { id: data.id, name: data.name, email: data.email, status: data.status };
}
