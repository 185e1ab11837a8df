import { type ReactNode, useId } from 'react';

export interface PanelProps {
  title: string;
  /** Right of the title. */
  actions?: ReactNode;
  /** Content up to the edge: tables. */
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, actions, flush, children }: PanelProps) {
  const id = useId();
  return (
    <section className="dp-panel" aria-labelledby={id}>
      <header className="dp-panel__head">
        <h2 className="dp-panel__title" id={id}>
          {title}
        </h2>
        <span className="dp-spacer" />
        {actions}
      </header>
      <div className={flush ? 'dp-panel__body--flush' : 'dp-panel__body'}>{children}</div>
    </section>
  );
}
