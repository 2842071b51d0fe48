import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeFrame, encodeFrame, type Frame } from './frame.js';

const FRAME: Frame = {
  name: 'orders.created',
  key: 'order 1/é\n€',
  id: 'process_1-1f',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  payload: Buffer.from([0, 10, 255]),
};

describe('a frame', () => {
  it.each([FRAME, { ...FRAME, traceparent: undefined, key: FRAME.name, payload: Buffer.alloc(0) }])(
    'is read as it was written',
    (frame) => {
      expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
    },
  );

  it('takes any key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), (key) => {
        expect(decodeFrame(encodeFrame({ ...FRAME, key }))?.key).toBe(key);
      }),
    );
  });

  it('does not keep the buffer it came in', () => {
    const bytes = encodeFrame(FRAME);
    const { payload } = decodeFrame(bytes)!;
    bytes.fill(7);
    expect(payload).toEqual(FRAME.payload);
  });

  it('leaves out a trace context that is none', () => {
    const text = encodeFrame(FRAME).toString('latin1').replace('00-0af', '00-XYZ');
    expect(decodeFrame(Buffer.from(text, 'latin1'))).toMatchObject({ traceparent: undefined });
  });

  it.each([
    '',
    '\n',
    'no newline',
    '2 orders.created id  \nx',
    '1 orders..created id  \nx',
    '1 orders.* id  \nx',
    '1 orders.created   \nx',
    '1 orders.created i/d  \nx',
    '1 orders.created id \nx',
    '1 orders.created id   more\nx',
    '1 orders.created id  %E0%A4%A\nx',
    `1 ${'x'.repeat(7_000)} id  \nx`,
  ])('is not what was not written by us: %j', (text) => {
    expect(decodeFrame(Buffer.from(text))).toBeUndefined();
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeFrame(Buffer.from(bytes));
      }),
    );
  });
});
