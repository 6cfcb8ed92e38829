/** The source, with its syntax in colours, and the compiler's diagnostics in it and below it. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic as Complaint, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { button, byId, el } from "../page/dom.ts";
import type { Diagnostic } from "./protocol.ts";

export class Editor {
  readonly #extensions: Extension;
  readonly #view: EditorView;
  readonly #diagnostics = byId("diagnostics");

  constructor(onChange: () => void, onRun: () => void) {
    const run = () => {
      onRun();
      return true;
    };
    this.#extensions = [
      lineNumbers(),
      lintGutter(),
      history(),
      indentOnInput(),
      bracketMatching(),
      highlightActiveLine(),
      javascript({ typescript: true }),
      // The colours of the classes are in editor.css, which knows light and dark.
      syntaxHighlighting(classHighlighter),
      keymap.of([
        { key: "Mod-Enter", run },
        { key: "Ctrl-Enter", run },
        // Escape and then Tab leaves the editor.
        indentWithTab,
        ...defaultKeymap,
        ...historyKeymap,
      ]),
      EditorView.contentAttributes.of({ "aria-label": "Source", autocapitalize: "off" }),
      EditorView.updateListener.of(({ docChanged }) => docChanged && onChange()),
    ];
    this.#view = new EditorView({ parent: byId("editor"), state: this.#stateOf("") });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  /** Another source. What was undone and done before belongs to the last one. */
  set text(text: string) {
    this.#view.setState(this.#stateOf(text));
    this.show([]);
  }

  show(diagnostics: readonly Diagnostic[]): void {
    const complaints = diagnostics.flatMap(diagnostic => this.#complaint(diagnostic) ?? []);
    this.#view.dispatch(setDiagnostics(this.#view.state, complaints));
    this.#diagnostics.hidden = diagnostics.length === 0;
    // The compiler reports along the calls, not along the lines.
    const inOrder = diagnostics.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    this.#diagnostics.replaceChildren(...inOrder.map(diagnostic => this.#item(diagnostic)));
  }

  #stateOf(doc: string): EditorState {
    return EditorState.create({ doc, extensions: this.#extensions });
  }

  #complaint(diagnostic: Diagnostic): Complaint | undefined {
    const from = this.#offsetOf(diagnostic);
    if (from === undefined) return undefined;
    const { severity, message } = diagnostic;
    const { state } = this.#view;
    return { from, to: state.wordAt(from)?.to ?? Math.min(from + 1, state.doc.length), severity, message };
  }

  /** Undefined where the place is not in this source. */
  #offsetOf({ line, column = 1 }: Diagnostic): number | undefined {
    const { doc } = this.#view.state;
    if (line === undefined || line > doc.lines) return undefined;
    const { from, to } = doc.line(line);
    return Math.min(from + column - 1, to);
  }

  #item(diagnostic: Diagnostic): HTMLElement {
    const { severity, message, line, column } = diagnostic;
    const place =
      line === undefined
        ? el("span", { class: "place" }, severity)
        : button(`${line}:${column}`, { class: "place" }, () => this.#goTo(diagnostic));
    return el("li", { "data-severity": severity }, place, message);
  }

  #goTo(diagnostic: Diagnostic): void {
    const anchor = this.#offsetOf(diagnostic);
    if (anchor === undefined) return;
    this.#view.dispatch({ selection: { anchor }, scrollIntoView: true });
    this.#view.focus();
  }
}
