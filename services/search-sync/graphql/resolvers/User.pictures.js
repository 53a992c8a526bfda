import { askForPictures, picturesOf } from './pictures.js';

export function request(ctx) {
  return askForPictures(ctx, 'avatar', ctx.source.id);
}

export function response(ctx) {
  return picturesOf(ctx);
}
