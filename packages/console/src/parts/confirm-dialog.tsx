/** Asks before something that cannot be taken back. The browser's own dialog keeps the focus inside and gives it back. */
import { type ReactElement, type ReactNode, useLayoutEffect, useRef } from 'react';
import { Button } from './button.tsx';

export interface ConfirmDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly confirm: string;
  readonly busy: boolean;
  readonly busyText: string;
  readonly cancel: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export function ConfirmDialog(props: ConfirmDialogProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  // A layout effect, since the dialog gives the focus back only if it is closed while it is still in the document.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby="dialog-title"
      aria-describedby="dialog-text"
      onCancel={(event) => {
        event.preventDefault();
        if (!props.busy) props.onClose();
      }}
    >
      <h2 id="dialog-title">{props.title}</h2>
      <div id="dialog-text">{props.children}</div>
      <div className="dialog-actions">
        <Button look="quiet" onPress={props.busy ? () => {} : props.onClose}>
          {props.cancel}
        </Button>
        <Button look="danger" busy={props.busy} busyText={props.busyText} onPress={props.onConfirm}>
          {props.confirm}
        </Button>
      </div>
    </dialog>
  );
}
