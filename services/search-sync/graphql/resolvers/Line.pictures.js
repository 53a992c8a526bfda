import { askForPictures, picturesOf } from './pictures.js';

export function request(ctx) {
  return askForPictures(ctx, 'product', ctx.source.sku);
}

export function response(ctx) {
  return picturesOf(ctx);
}
