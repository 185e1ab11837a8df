import { FormSelect, FormSelectOption } from '@patternfly/react-core/dist/esm/components/FormSelect';
import { TextInput } from '@patternfly/react-core/dist/esm/components/TextInput';
import { type ReactNode, type Ref, useId } from 'react';

interface FieldProps {
  label: string;
  error?: string | undefined;
  children: (ids: { id: string; errorId: string | undefined }) => ReactNode;
}

function Field({ label, error, children }: FieldProps) {
  const id = useId();
  const errorId = error ? `${id}-error` : undefined;
  return (
    <div className="dp-field">
      <label className="dp-field__label" htmlFor={id}>
        {label}
      </label>
      {children({ id, errorId })}
      {error && (
        <p className="dp-field__error" id={errorId} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

export interface TextFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
  type?: 'text' | 'password' | 'tel';
  name?: string;
  autoComplete?: string;
  placeholder?: string;
  disabled?: boolean;
  autoFocus?: boolean;
  inputRef?: Ref<HTMLInputElement>;
}

export function TextField({ label, error, onChange, disabled, inputRef, ...input }: TextFieldProps) {
  return (
    <Field label={label} error={error}>
      {({ id, errorId }) => (
        <TextInput
          {...input}
          id={id}
          {...(inputRef ? { ref: inputRef } : {})}
          isDisabled={disabled ?? false}
          validated={error ? 'error' : 'default'}
          aria-invalid={!!error}
          {...(errorId ? { 'aria-describedby': errorId } : {})}
          onChange={(_event, value) => onChange(value)}
        />
      )}
    </Field>
  );
}

export interface SelectFieldProps {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  onChange: (value: string) => void;
  disabled?: boolean;
}

export function SelectField({ label, value, options, onChange, disabled }: SelectFieldProps) {
  return (
    <Field label={label}>
      {({ id }) => (
        <FormSelect
          id={id}
          value={value}
          isDisabled={disabled ?? false}
          onChange={(_event, next) => onChange(next)}
        >
          {options.map((option) => (
            <FormSelectOption key={option.value} value={option.value} label={option.label} />
          ))}
        </FormSelect>
      )}
    </Field>
  );
}

export interface SliderProps {
  label: string;
  /** 0 to 1 */
  value: number;
  onChange: (value: number) => void;
}

export function Slider({ label, value, onChange }: SliderProps) {
  return (
    <Field label={label}>
      {({ id }) => (
        <input
          id={id}
          className="dp-slider"
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={value}
          aria-valuetext={`${Math.round(value * 100)} %`}
          onChange={(event) => onChange(Number(event.target.value))}
        />
      )}
    </Field>
  );
}

/** A filter in the head of a panel: no visible label, the placeholder gives examples. */
export function FilterField(props: {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <TextInput
      className="dp-filter"
      type="search"
      aria-label={props.label}
      placeholder={props.hint}
      value={props.value}
      onChange={(_event, value) => props.onChange(value)}
    />
  );
}
