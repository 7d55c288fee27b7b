// A form that adds one line to a list: its text, its button, and what is wrong with it.
import { useId, useState } from "react";

interface Props {
  /** Of the field, for those who do not see it. */
  label: string;
  placeholder: string;
  button: string;
  /** Called within the press itself. @returns "" when it was added, or the words for what is wrong. */
  onAdd(text: string): string | Promise<string>;
}

export function AddLine({ label, placeholder, button, onAdd }: Props) {
  const problemId = useId();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const add = async () => {
    try {
      const fault = await onAdd(text);
      setProblem(fault);
      if (!fault) setText("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <div className="row">
        <input
          type="text"
          value={text}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          aria-label={label}
          aria-invalid={problem !== ""}
          aria-describedby={problemId}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="plain-button">
          {button}
        </button>
      </div>
      <p id={problemId} role="alert" className={problem ? "problem" : ""}>
        {problem}
      </p>
    </form>
  );
}
