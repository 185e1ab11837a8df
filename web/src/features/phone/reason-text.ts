import type { TFunction } from 'i18next';
import en from '../../locales/en.json';
import { reasonKey } from '../../phone/errors';

type ServerReason = keyof typeof en.reasons;

const isServerReason = (reason: string): reason is ServerReason => Object.hasOwn(en.reasons, reason);

/** Why a call ended, as a sentence; a reason without one is shown as it came. */
export function reasonText(t: TFunction, reason: string): string {
  if (isServerReason(reason)) return t(`reasons.${reason}`);
  const key = reasonKey(reason);
  return key ? t(`errors.${key}`) : reason;
}
