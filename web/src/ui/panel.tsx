import { type ReactNode, useId } from 'react';

export interface PanelProps {
  title: string;
  /** Beside the title, where there is room. */
  hint?: string;
  /** At the end of the head. */
  actions?: ReactNode;
  /** Content up to the edge: tables. */
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, hint, actions, flush, children }: PanelProps) {
  const id = useId();
  return (
    <section className="dp-panel" aria-labelledby={id}>
      <header className="dp-panel__head">
        <h2 className="dp-panel__title" id={id}>
          {title}
        </h2>
        {hint ? <p className="dp-panel__hint">{hint}</p> : <span className="dp-spacer" />}
        {actions}
      </header>
      <div className={flush ? 'dp-panel__body--flush' : 'dp-panel__body'}>{children}</div>
    </section>
  );
}
