import { Alert, AlertActionCloseButton } from '@patternfly/react-core/dist/esm/components/Alert';
import type { ReactNode } from 'react';

export interface NoticeProps {
  tone: 'info' | 'warning' | 'danger' | 'success';
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  onClose?: () => void;
  closeLabel?: string;
}

export function Notice({ tone, title, children, actions, onClose, closeLabel }: NoticeProps) {
  return (
    <div role={tone === 'danger' ? 'alert' : 'status'}>
      <Alert
        isInline
        variant={tone}
        title={title}
        component="p"
        {...(actions ? { actionLinks: actions } : {})}
        {...(onClose
          ? { actionClose: <AlertActionCloseButton aria-label={closeLabel ?? ''} onClose={onClose} /> }
          : {})}
      >
        {children}
      </Alert>
    </div>
  );
}
