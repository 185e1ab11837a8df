import { Modal, ModalBody, ModalHeader } from '@patternfly/react-core/dist/esm/components/Modal';
import { type ReactNode, useId } from 'react';

/** Stands over the page until what it asks for is done: no close button. */
export function Dialog({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  const id = useId();
  return (
    <Modal isOpen variant="small" aria-labelledby={id} onEscapePress={() => {}}>
      <ModalHeader title={title} labelId={id} {...(hint ? { description: hint } : {})} />
      <ModalBody>{children}</ModalBody>
    </Modal>
  );
}
