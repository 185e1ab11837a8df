/** What the screens see of the phone. */
import type { PhoneSession } from '../api/phone-session';
import type { Call } from './call-state';
import type { PhoneError } from './errors';
import type { Registration } from './ua';

export type Stage = 'starting' | 'needsMicrophone' | 'insecure' | 'elsewhere' | 'on' | 'noPhone';

export interface PhoneState {
  stage: Stage;
  registration: Registration | 'off';
  profile?: Pick<PhoneSession, 'userId' | 'displayName' | 'callerIds' | 'persistent'>;
  error?: PhoneError;
  /** A connection waits for the next call, which will alert at once. */
  kept: boolean;
  calls: Call[];
  placing: boolean;
  /** Notifications arrive; without them states are asked for. */
  live: boolean;
}

/** Nobody logged in, or not yet asked who. */
export const OFF: PhoneState = {
  stage: 'starting',
  registration: 'off',
  kept: false,
  calls: [],
  placing: false,
  live: false,
};
