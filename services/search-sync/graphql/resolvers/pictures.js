import { answerAtOnce, answered, firstOf, isId, tenantOf } from './shared.js';
import { util } from '@aws-appsync/utils';

const USUAL_PICTURES = 10;

export function askForPictures(ctx, purpose, subject) {
  const tenant = tenantOf(ctx);
  return {
    operation: 'Query',
    index: 'gsi1',
    query: {
      expression: 'gsi1pk = :pk',
      expressionValues: util.dynamodb.toMapValues({
        ':pk': `TENANT#${tenant}#OF#${purpose}#${subject}`,
      }),
    },
    limit: firstOf(ctx, USUAL_PICTURES),
    scanIndexForward: false,
  };
}

export function askForPicture(ctx, id) {
  const tenant = tenantOf(ctx);
  if (!isId('med', id)) {
    answerAtOnce(null);
  }
  return {
    operation: 'GetItem',
    key: util.dynamodb.toMapValues({ pk: `TENANT#${tenant}#MEDIA#${id}`, sk: 'MEDIA' }),
  };
}

// A picture that is deleted is a tombstone.
function shown(item) {
  if (!item || item.data.status !== 'ready') {
    return null;
  }
  const data = item.data;
  return {
    id: data.id,
    name: data.name,
    purpose: data.purpose,
    subject: data.subject,
    texts: data.texts,
    colors: data.colors,
    readyAt: data.ready_at,
  };
}

export function picturesOf(ctx) {
  const found = [];
  for (const item of answered(ctx).items) {
    const picture = shown(item);
    if (picture) {
      found.push(picture);
    }
  }
  return found;
}

export function pictureOf(ctx) {
  return shown(answered(ctx));
}
