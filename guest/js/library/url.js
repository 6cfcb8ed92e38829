/** URL, as the standard has it (url.spec.whatwg.org), apart from domains that are not ASCII: url-host.js. */
import { encodeControls, parseHost, percentEncode } from "isopod:host";
import { connect, URLSearchParams } from "isopod:search-params";

export { URLSearchParams };

/** The special schemes, with the ports that need not be written. */
const ports = { __proto__: null, http: 80, https: 443, ws: 80, wss: 443, ftp: 21, file: null };

const FRAGMENT = /[^\x21\x23-\x3b\x3d\x3f-\x5f\x61-\x7e]/gu;
const QUERY = /[^\x21\x24-\x3b\x3d\x3f-\x7e]/gu;
const SPECIAL_QUERY = /[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]/gu;
const PATH = /[^\x21\x24-\x3b\x3d\x40-\x5d\x5f\x61-\x7a\x7c\x7e]/gu;
const USER = /[^\x21\x24-\x2e\x30-\x39\x41-\x5a\x5f\x61-\x7a\x7e]/gu;

const DRIVE = /^[a-z][:|]$/i;
const BEGINS_WITH_DRIVE = /^[a-z][:|]([/\\?#]|$)/i;
const DOT = /^(\.|%2e)$/i;
const TWO_DOTS = /^(\.|%2e){2}$/i;

const invalid = (input, base) => {
  throw new TypeError(`Invalid URL: ${input}${base === undefined ? "" : ` with the base ${base}`}`);
};

const isSpecial = url => url.scheme in ports;
const isSlash = (character, url) => character === "/" || (character === "\\" && isSpecial(url));
const hasPort = url => url.host !== null && url.host !== "" && url.scheme !== "file";
const usual = (port, url) => (port === ports[url.scheme] ? null : port);

/** The text before the first of what a pattern finds, and from there on. */
function cut(text, pattern) {
  const at = text.search(pattern);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)];
}

/** Removes the last segment, but no drive. */
function shorten(url) {
  if (url.scheme !== "file" || url.path.length !== 1 || !/^[a-z]:$/i.test(url.path[0])) url.path.pop();
}

/** Adds the segments of a text to the path. */
function addPath(url, text) {
  const segments = text.split(isSpecial(url) ? /[/\\]/ : "/");
  segments.forEach((segment, i) => {
    const isLast = i === segments.length - 1;
    if (TWO_DOTS.test(segment)) {
      shorten(url);
      if (isLast) url.path.push("");
    } else if (DOT.test(segment)) {
      if (isLast) url.path.push("");
    } else {
      const isDrive = url.scheme === "file" && url.path.length === 0 && DRIVE.test(segment);
      url.path.push(isDrive ? `${segment[0]}:` : percentEncode(segment, PATH));
    }
  });
}

/** The path behind a host. */
function addAbsolutePath(url, text) {
  if (isSpecial(url) || text !== "") addPath(url, isSlash(text[0], url) ? text.slice(1) : text);
}

/** A host, and ":" with the port behind it. Between brackets, ":" is of the host. */
function hostAndPort(text) {
  const [host] = /^([^:[]+|\[[^\]]*)*/.exec(text);
  return [host, text.slice(host.length)];
}

function setPort(url, text) {
  const port = Number.parseInt(text, 10);
  if (port > 65_535) return false;
  url.port = usual(port, url);
  return true;
}

/** What follows "//": user, host, port and path. */
function addAuthority(url, text) {
  const [authority, path] = cut(text, isSpecial(url) ? /[/\\]/ : /\//);
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    const [user, password] = cut(authority.slice(0, at), /:/);
    url.username = percentEncode(user, USER);
    url.password = percentEncode(password.slice(1), USER);
  }
  const [host, port] = hostAndPort(authority.slice(at + 1));
  if (host === "" && (isSpecial(url) || at >= 0 || port !== "")) return invalid(text);
  url.host = host === "" ? "" : parseHost(host, isSpecial(url));
  if (!/^(:\d*)?$/.test(port) || (port.length > 1 && !setPort(url, port.slice(1)))) return invalid(text);
  addAbsolutePath(url, path);
}

function addFileHost(url, text) {
  const [host, path] = cut(text, /[/\\]/);
  url.host = "";
  if (DRIVE.test(host)) return addPath(url, text);
  if (host !== "") url.host = parseHost(host, true).replace(/^localhost$/, "");
  addAbsolutePath(url, path);
}

/** What follows "file:". */
function addFile(url, text, base) {
  const isSame = base?.scheme === "file";
  url.host = "";
  if (/^[/\\]{2}/.test(text)) return addFileHost(url, text.slice(2));
  if (/^[/\\]/.test(text)) {
    if (isSame) {
      url.host = base.host;
      if (!BEGINS_WITH_DRIVE.test(text.slice(1)) && /^[a-z]:$/i.test(base.path[0])) url.path.push(base.path[0]);
    }
    return addPath(url, text.slice(1));
  }
  if (!isSame) return addPath(url, text);
  addRelative(url, text, base);
}

/** What is relative to the path of the base. */
function addRelative(url, text, base) {
  url.host = base.host;
  url.path = [...base.path];
  if (text === "") {
    url.query ??= base.query;
    return;
  }
  if (url.scheme === "file" && BEGINS_WITH_DRIVE.test(text)) url.path = [];
  else shorten(url);
  addPath(url, text);
}

/** What is relative to a base that has a host. */
function addToBase(url, text, base) {
  if (isSlash(text[0], url) && isSlash(text[1], url)) {
    return addAuthority(url, isSpecial(url) ? text.replace(/^[/\\]+/, "") : text.slice(2));
  }
  Object.assign(url, { username: base.username, password: base.password, host: base.host, port: base.port });
  if (isSlash(text[0], url)) addPath(url, text.slice(1));
  else addRelative(url, text, base);
}

/** Tabs and line ends are nowhere in a URL. */
const cleaned = text => `${text}`.toWellFormed().replace(/[\t\n\r]/g, "");

function parse(input, base) {
  const text = cleaned(`${input}`.replace(/^[\0- ]+|[\0- ]+$/g, ""));
  const [head, hash] = cut(text, /#/);
  const [front, query] = cut(head, /\?/);
  const [, scheme, rest] = /^([a-z][a-z\d+\-.]*):(.*)$/is.exec(front) ?? [];
  const url = { scheme: "", username: "", password: "", host: null, port: null, path: [], query: null, fragment: null };
  url.scheme = scheme?.toLowerCase() ?? base?.scheme ?? invalid(input);
  if (query !== "") url.query = percentEncode(query.slice(1), isSpecial(url) ? SPECIAL_QUERY : QUERY);
  if (hash !== "") url.fragment = percentEncode(hash.slice(1), FRAGMENT);
  if (scheme === undefined) {
    if (typeof base.path === "string") {
      if (head !== "" || hash === "") return invalid(input, serialize(base));
      return { ...base, fragment: url.fragment };
    }
    if (url.scheme === "file") addFile(url, front, base);
    else addToBase(url, front, base);
  } else if (url.scheme === "file") addFile(url, rest, base);
  else if (isSpecial(url)) {
    if (base?.scheme === url.scheme) addToBase(url, rest, base);
    else addAuthority(url, rest.replace(/^[/\\]+/, ""));
  } else if (rest.startsWith("//")) addAuthority(url, rest.slice(2));
  else if (rest.startsWith("/")) addPath(url, rest.slice(1));
  else url.path = opaque(rest, query !== "" || hash !== "");
  return url;
}

/** An opaque path. A space at its end would be lost where nothing follows. */
const opaque = (text, isFollowed) => encodeControls(isFollowed ? text.replace(/ $/, "%20") : text);

const pathOf = url => (typeof url.path === "string" ? url.path : url.path.map(segment => `/${segment}`).join(""));
const hostOf = url => (url.host ?? "") + (url.port === null ? "" : `:${url.port}`);

function serialize(url) {
  const user = url.username + (url.password === "" ? "" : `:${url.password}`);
  const authority = url.host === null ? "" : `//${user}${user === "" ? "" : "@"}${hostOf(url)}`;
  // Without a host, a path that begins with "//" would be read as one.
  const mark =
    url.host === null && typeof url.path !== "string" && url.path.length > 1 && url.path[0] === "" ? "/." : "";
  return `${url.scheme}:${authority}${mark}${pathOf(url)}${shown("?", url.query)}${shown("#", url.fragment)}`;
}

const shown = (mark, text) => (text === null ? "" : mark + text);

function setHost(url, value, isName) {
  if (typeof url.path === "string") return;
  const text = cleaned(value);
  const [authority] = cut(text, isSpecial(url) ? /[/\\?#]/ : /[/?#]/);
  const [host, port] = url.scheme === "file" ? [authority, ""] : hostAndPort(authority);
  if (port !== "" && (host === "" || isName)) return;
  if (
    host === "" &&
    ((isSpecial(url) && url.scheme !== "file") || url.username !== "" || url.password !== "" || url.port !== null)
  )
    return;
  try {
    const parsed = host === "" ? "" : parseHost(host, isSpecial(url));
    url.host = url.scheme === "file" && parsed === "localhost" ? "" : parsed;
  } catch {
    return;
  }
  if (/^:\d/.test(port)) setPort(url, port.slice(1));
}

export class URL {
  #url;
  #params = undefined;

  constructor(input, base = undefined) {
    this.#url = parse(input, base === undefined ? undefined : parse(base));
  }

  static parse(input, base = undefined) {
    try {
      return new URL(input, base);
    } catch {
      return null;
    }
  }

  static canParse(input, base = undefined) {
    return URL.parse(input, base) !== null;
  }

  get href() {
    return serialize(this.#url);
  }

  set href(value) {
    this.#url = parse(value);
    this.#tellParams();
  }

  get origin() {
    const { scheme } = this.#url;
    if (scheme === "blob") {
      const inner = URL.parse(pathOf(this.#url));
      return inner !== null && /^https?:$/.test(inner.protocol) ? inner.origin : "null";
    }
    return isSpecial(this.#url) && scheme !== "file" ? `${scheme}://${hostOf(this.#url)}` : "null";
  }

  get protocol() {
    return `${this.#url.scheme}:`;
  }

  set protocol(value) {
    const url = this.#url;
    const [, scheme] = /^([a-z][a-z\d+\-.]*)(:|$)/i.exec(cleaned(value)) ?? [];
    const next = { ...url, scheme: scheme?.toLowerCase() };
    if (scheme === undefined || isSpecial(next) !== isSpecial(url)) return;
    if (next.scheme === "file" && (url.username !== "" || url.password !== "" || url.port !== null)) return;
    if (url.scheme === "file" && url.host === "") return;
    url.scheme = next.scheme;
    url.port = usual(url.port, url);
  }

  get username() {
    return this.#url.username;
  }

  set username(value) {
    if (hasPort(this.#url)) this.#url.username = percentEncode(`${value}`.toWellFormed(), USER);
  }

  get password() {
    return this.#url.password;
  }

  set password(value) {
    if (hasPort(this.#url)) this.#url.password = percentEncode(`${value}`.toWellFormed(), USER);
  }

  get host() {
    return hostOf(this.#url);
  }

  set host(value) {
    setHost(this.#url, value, false);
  }

  get hostname() {
    return this.#url.host ?? "";
  }

  set hostname(value) {
    setHost(this.#url, value, true);
  }

  get port() {
    return `${this.#url.port ?? ""}`;
  }

  set port(value) {
    const text = cleaned(value);
    if (!hasPort(this.#url)) return;
    if (`${value}` === "") this.#url.port = null;
    else if (/^\d/.test(text)) setPort(this.#url, text);
  }

  get pathname() {
    return pathOf(this.#url);
  }

  set pathname(value) {
    const url = this.#url;
    if (typeof url.path === "string") return;
    url.path = [];
    const text = cleaned(value);
    if (text === "" && !isSpecial(url) && url.host === null) url.path.push("");
    else addAbsolutePath(url, text);
  }

  get search() {
    return this.#url.query ? `?${this.#url.query}` : "";
  }

  set search(value) {
    const text = `${value}`;
    const pattern = isSpecial(this.#url) ? SPECIAL_QUERY : QUERY;
    this.#url.query = text === "" ? null : percentEncode(cleaned(text.replace(/^\?/, "")), pattern);
    this.#tellParams();
  }

  get searchParams() {
    if (this.#params === undefined) {
      this.#params = new URLSearchParams();
      this.#tellParams();
    }
    return this.#params;
  }

  get hash() {
    return this.#url.fragment ? `#${this.#url.fragment}` : "";
  }

  set hash(value) {
    const text = `${value}`;
    this.#url.fragment = text === "" ? null : percentEncode(cleaned(text.replace(/^#/, "")), FRAGMENT);
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }

  get [Symbol.toStringTag]() {
    return "URL";
  }

  #tellParams() {
    const params = this.#params;
    if (params === undefined) return;
    connect(params, this.#url.query ?? "", () => {
      this.#url.query = params.toString() || null;
    });
  }
}
