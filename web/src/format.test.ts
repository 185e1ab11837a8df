import { describe, expect, it } from 'vitest';
import { cleanNumber, formatDuration, formatNumber, isDialable } from './format';

describe('numbers', () => {
  it.each([
    ['+14155550123', '+1 415 555 0123'],
    ['+442071838750', '+44 207 183 8750'],
    ['911', '911'],
    ['9+15551234567', '9+15551234567'],
  ])('%s is shown as %s', (number, shown) => expect(formatNumber(number)).toBe(shown));

  it('lose their separators before they are dialled', () => {
    expect(cleanNumber(' +1 (415) 555-0110 ')).toBe('+14155550110');
    expect(cleanNumber('+49.30/123 456')).toBe('+4930123456');
  });

  it('may be anything that dial rules could take, and nothing else', () => {
    for (const good of ['+15559876543', '9+15559876543', '4711', '*97', '00'])
      expect(isDialable(good)).toBe(true);
    for (const bad of ['', '+', 'bob', '+1555x', 'sip:a@b', '1']) expect(isDialable(bad)).toBe(false);
  });
});

it('durations', () => {
  expect(formatDuration(0)).toBe('0:00');
  expect(formatDuration(61_900)).toBe('1:01');
  expect(formatDuration(3_723_000)).toBe('1:02:03');
  expect(formatDuration(-5)).toBe('0:00');
});
