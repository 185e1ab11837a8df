/** Numbers and times as people read them. Values stay as the API gave them; only their look is made here. */

/** +14155550123 as +1 415 555 0123; of other plans only the sign is known to be right, so they get groups of three. */
export function formatNumber(number: string): string {
  const nanp = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (nanp) return `+1 ${nanp[1]} ${nanp[2]} ${nanp[3]}`;
  const other = /^\+(\d{2})(\d{6,13})$/.exec(number);
  if (!other) return number;
  return `+${other[1]} ${other[2]?.replace(/(\d{3})(?=\d{2,})/g, '$1 ')}`;
}

/** 0:07, 12:40, 1:02:03 */
export function formatDuration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** What a person typed or pasted, as it is dialled: separators out, `00` for + is the carrier's business and stays. */
export const cleanNumber = (typed: string): string => typed.trim().replace(/[\s().\-/]/g, '');

/** E.164, or what dial rules may turn into it (`9+1…`, extensions). The server has the last word. */
export const isDialable = (number: string): boolean => /^(?:\d{0,2}\+)?[0-9*#]{2,20}$/.test(number);

export function formatTime(iso: string, locale?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  const today = new Date().toDateString() === date.toDateString();
  return new Intl.DateTimeFormat(locale, {
    ...(today ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
  }).format(date);
}
