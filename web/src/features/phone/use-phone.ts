import { useEffect, useState, useSyncExternalStore } from 'react';
import { flushSync } from 'react-dom';
import { session } from '../../api/session';
import type { AudioState } from '../../phone/audio-desk';
import { isLive } from '../../phone/call-state';
import type { Level } from '../../phone/meter';
import { Phone } from '../../phone/phone';
import type { PhoneState } from '../../phone/phone-state';
import type { LegQuality } from '../../phone/quality-watch';

/** One phone per tab, whatever page is open. */
export const phone = new Phone(flushSync);

/** A part of its state, or what follows from it in one value: only a change of that draws the component again. */
export const usePhone = <T>(pick: (state: PhoneState) => T): T =>
  useSyncExternalStore(phone.state.subscribe, () => pick(phone.state.get()));
/** A call can be placed. */
export const usePhoneReady = (): boolean =>
  usePhone(({ stage, registration }) => stage === 'on' && registration === 'registered');
export const useAudio = (): AudioState =>
  useSyncExternalStore(phone.audio.state.subscribe, phone.audio.state.get);
export const useLevel = (): Level => useSyncExternalStore(phone.audio.level.subscribe, phone.audio.level.get);
export const useQuality = (legId: string | undefined): LegQuality | undefined =>
  useSyncExternalStore(phone.quality.state.subscribe, () => phone.quality.state.get()[legId ?? '']);

/** Runs the phone while somebody is logged in. A live call outlasts the session: the server decides how long. */
export function usePhoneLifecycle(): void {
  useEffect(() => {
    let mode: 'off' | 'on' | 'paused' = 'off';
    const follow = () => {
      const inCall = phone.state.get().calls.some(isLive);
      const wanted = session.get() === 'in' ? 'on' : inCall && mode !== 'off' ? 'paused' : 'off';
      if (wanted === mode) return;
      const before = mode;
      mode = wanted;
      if (wanted === 'off') phone.stop();
      else if (wanted === 'paused') phone.pause();
      else if (before === 'paused') void phone.resume();
      else void phone.start();
    };
    const ask = (event: BeforeUnloadEvent) => {
      if (phone.state.get().calls.some(isLive)) event.preventDefault();
    };
    const leave = () => phone.stop();
    follow();
    const forgets = [session.subscribe(follow), phone.state.subscribe(follow)];
    window.addEventListener('beforeunload', ask);
    window.addEventListener('pagehide', leave);
    return () => {
      for (const forget of forgets) forget();
      window.removeEventListener('beforeunload', ask);
      window.removeEventListener('pagehide', leave);
      phone.stop();
    };
  }, []);
}

/** The time, every second while it is wanted. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
