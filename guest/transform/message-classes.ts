/**
 * Classes that are marked `@message`: finds them after the parser, and gives each the methods
 * `encode` and `decode`, which `CborWriter.value` and `CborReader.value` of the guest library call.
 *
 * Guarantee: a class that cannot be a message is an error at its place. The error names the class,
 * the field, and what to do.
 */
import type {
  ClassDeclaration,
  CommonFlags,
  DiagnosticCode,
  FieldDeclaration,
  FunctionDeclaration,
  IdentifierExpression,
  ImportStatement,
  NamespaceDeclaration,
  NodeKind,
  ParameterKind,
  Parser,
  Range,
  Source,
  Statement,
} from "assemblyscript";
import { statementsOf } from "./graft.ts";

/** The decorator's name in the guest library. */
const DECORATOR = "message";
/** What the added methods call the library's classes. No name of the user's is hidden. */
const READER = "__CborReader";
const WRITER = "__CborWriter";

/** asc's numbers, which it does not export. The compiler compares them with its types. */
const IDENTIFIER: NodeKind.Identifier = 7;
const IMPORT: NodeKind.Import = 43;
const CLASS: NodeKind.ClassDeclaration = 52;
const FIELD: NodeKind.FieldDeclaration = 55;
const METHOD: NodeKind.MethodDeclaration = 59;
const NAMESPACE: NodeKind.NamespaceDeclaration = 60;
const STATIC: CommonFlags.Static = 32;
const READONLY: CommonFlags.Readonly = 64;
const ABSTRACT: CommonFlags.Abstract = 128;
const PRIVATE: CommonFlags.Private = 512;
const PROTECTED: CommonFlags.Protected = 1024;
const REST: ParameterKind.Rest = 2;
/** An error whose message is only its text. */
const USER_DEFINED: DiagnosticCode.User_defined_0 = 102;

export interface MessageClass {
  readonly declaration: ClassDeclaration;
  readonly name: string;
  readonly source: Source;
  readonly fields: readonly FieldDeclaration[];
  /** Empties the methods that were added, so that a wrong field is reported once. */
  empty(): void;
}

/** Adds the methods to all marked classes, and returns these. Errors go to the parser's messages. */
export function addMessageMethods(parser: Parser): MessageClass[] {
  const found: MessageClass[] = [];
  for (const source of parser.sources) {
    const marked = markedIn(source.statements, decoratorIn(source));
    if (marked.length === 0) continue;
    const library = libraryIn(source);
    if (library === undefined) {
      const { name } = marked[0];
      refuse(parser, name.range, `${name.text} is marked @message: import { message } from "isopod/guest"`);
      continue;
    }
    const good = marked.filter(declaration => check(parser, declaration));
    found.push(...good.map(declaration => addMethods(parser, source, declaration)));
    const imports = `import { CborReader as ${READER}, CborWriter as ${WRITER} } from "${library.path.value}";`;
    source.statements.unshift(...statementsOf(parser, imports, library.range));
  }
  refuseTwins(parser, found);
  return found;
}

/** The import that brings the decorator, whatever it is called here. */
function libraryIn(source: Source): ImportStatement | undefined {
  return source.statements
    .filter((statement): statement is ImportStatement => statement.kind === IMPORT)
    .find(({ declarations }) => declarations?.some(({ foreignName }) => foreignName.text === DECORATOR));
}

function decoratorIn(source: Source): string {
  const imported = libraryIn(source)?.declarations?.find(({ foreignName }) => foreignName.text === DECORATOR);
  return imported?.name.text ?? DECORATOR;
}

function markedIn(statements: readonly Statement[], decorator: string): ClassDeclaration[] {
  return statements.flatMap(statement => {
    if (statement.kind === NAMESPACE) return markedIn((statement as NamespaceDeclaration).members, decorator);
    if (statement.kind !== CLASS) return [];
    const { decorators } = statement as ClassDeclaration;
    const isMarked = decorators?.some(
      ({ name }) => name.kind === IDENTIFIER && (name as IdentifierExpression).text === decorator,
    );
    return isMarked ? [statement as ClassDeclaration] : [];
  });
}

export function refuse(emitter: Pick<Parser, "error">, range: Range, message: string): void {
  emitter.error(USER_DEFINED, range, message);
}

/** The fields that a message has. */
function fieldsOf({ members }: ClassDeclaration): FieldDeclaration[] {
  return members.filter(
    (member): member is FieldDeclaration =>
      member.kind === FIELD && (member.flags & (STATIC | PRIVATE | PROTECTED)) === 0,
  );
}

/** Whether the class can be a message, as far as its text tells. */
function check(parser: Parser, declaration: ClassDeclaration): boolean {
  const { name, typeParameters, extendsType, members, flags } = declaration;
  const mistakes: (readonly [Range, string])[] = [];
  const add = (range: Range, what: string) => mistakes.push([range, `${name.text} is marked @message, ${what}`]);
  if (typeParameters !== null) {
    add(name.range, "and such a class has no type parameters: write one class for each type that it is used with");
  }
  if (extendsType !== null) {
    const base = extendsType.name.identifier.text;
    add(extendsType.range, `and such a class extends no other: put the fields of ${base} into ${name.text}`);
  }
  if ((flags & ABSTRACT) !== 0) add(name.range, "but abstract, and a reader has to make one: remove abstract");
  for (const member of members) {
    if (member.kind === METHOD && member.name.text === "constructor") {
      for (const parameter of (member as FunctionDeclaration).signature.parameters) {
        if (parameter.initializer !== null || parameter.parameterKind === REST) continue;
        const what = parameter.name.text;
        add(
          parameter.range,
          `but its constructor requires ${what}, which a reader does not know before it has made one: give ${what} a default`,
        );
      }
    } else if ((member.flags & STATIC) === 0 && (member.name.text === "encode" || member.name.text === "decode")) {
      add(member.name.range, `so its ${member.name.text} is made by the build: give this member another name`);
    }
  }
  for (const field of fieldsOf(declaration)) {
    if ((field.flags & READONLY) === 0) continue;
    add(field.range, `but its field ${field.name.text} is readonly, so a reader cannot set it: remove readonly`);
  }
  for (const [range, message] of mistakes) refuse(parser, range, message);
  return mistakes.length === 0;
}

function addMethods(parser: Parser, source: Source, declaration: ClassDeclaration): MessageClass {
  // asc itself reports a field without a type.
  const fields = fieldsOf(declaration).filter(({ type }) => type !== null);
  const [code, empty] = [methods(source, fields), methods(source, [])].map(text => {
    const [{ members }] = statementsOf(parser, text, declaration.name.range) as [ClassDeclaration];
    return members as FunctionDeclaration[];
  });
  declaration.members.push(...code);
  return {
    declaration,
    name: declaration.name.text,
    source,
    fields,
    empty() {
      for (const [i, method] of code.entries()) method.body = empty[i].body;
    },
  };
}

function methods({ text }: Source, fields: readonly FieldDeclaration[]): string {
  const written = fields.map(({ name }) => `writer.text("${name.text}").value(this.${name.text});`);
  const read = fields.map(({ name, type }) => {
    const typeText = type === null ? "" : text.slice(type.range.start, type.range.end);
    return `if (reader.key("${name.text}")) this.${name.text} = reader.value<${typeText}>(); else`;
  });
  return `class Methods {
    encode(writer: ${WRITER}): void { writer.map(${fields.length}); ${written.join(" ")} }
    decode(reader: ${READER}): void {
      for (let pairs = reader.map(); pairs > 0; pairs--) { ${read.join(" ")} reader.skipPair(); }
    }
  }`;
}

/** Two classes of one name would be one TypeScript type. */
function refuseTwins(parser: Parser, classes: readonly MessageClass[]): void {
  const first = new Map<string, MessageClass>();
  for (const found of classes) {
    const { name, source, declaration } = found;
    const other = first.get(name);
    first.set(name, other ?? found);
    if (other === undefined) continue;
    const where = other.source === source ? "this file" : other.source.normalizedPath;
    const what = `${name} is marked @message, and ${where} has another ${name}: rename one, because both become TypeScript types of one file`;
    refuse(parser, declaration.name.range, what);
  }
}
