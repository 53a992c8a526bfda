import { askForPicture, pictureOf } from './pictures.js';

export function request(ctx) {
  return askForPicture(ctx, ctx.source.kind === 'media' ? ctx.source.id : null);
}

export function response(ctx) {
  return pictureOf(ctx);
}
