/*
 * Loads a script: compiles its modules, evaluates them once, and finds out which of three shapes it has. The
 * actor that does this has no grants, and its state becomes the first state of all actors of the script. Where
 * anything is wrong, it ends with a reason that says what.
 *
 * Its arguments are the script: a word of flags, and the modules, the entry first, each with its name and its
 * source. Lengths are words before them.
 */
#include "engine.h"

Shape shape = NOT_LOADED;
JSValue handler = JS_UNDEFINED;

enum { FLAG_EVAL = 1 };

typedef struct {
  const char *name, *source;
  uint32_t name_length, source_length;
  bool is_loaded;
} Module;

/* Only while a script is loaded. */
static Module *modules;
static uint32_t module_count;
/* The name and the importer of each module that is missing. */
static Bytes missing;
static uint32_t missing_count;
static char *importer;

/* Words and texts as the Writer of the host has them. */
static void add_word(Bytes *out, uint32_t word) { bytes_add(out, &word, 4); }

static void add_text(Bytes *out, const char *text, size_t length) {
  add_word(out, length);
  bytes_add(out, text, length);
}

static const char own[] = "isopod:";
static const char library[] = "isopod";

/* A module of the library's own is for the library alone. */
static char *normalize(JSContext *ctx, const char *base, const char *name, void *opaque) {
  if (strncmp(name, own, sizeof own - 1) == 0 && strncmp(base, own, sizeof own - 1) != 0 && strcmp(base, library) != 0) {
    JS_ThrowReferenceError(ctx, "there is no module %s", name);
    return NULL;
  }
  if (modules != NULL) {
    js_free(ctx, importer);
    importer = js_strdup(ctx, base);
  }
  if (name[0] != '.') return js_strdup(ctx, name);
  /* Relative to the folder of the importer. */
  const char *slash = strrchr(base, '/');
  size_t folder = slash == NULL ? 0 : slash - base;
  char *path = js_malloc(ctx, folder + strlen(name) + 2);
  memcpy(path, base, folder);
  path[folder] = 0;
  while (name[0] != 0) {
    size_t length = strcspn(name, "/");
    if (length == 2 && memcmp(name, "..", 2) == 0) {
      char *last = strrchr(path, '/');
      *(last == NULL ? path : last) = 0;
    } else if (length != 0 && !(length == 1 && name[0] == '.')) {
      size_t end = strlen(path);
      if (end != 0) path[end++] = '/';
      memcpy(path + end, name, length);
      path[end + length] = 0;
    }
    name += length + (name[length] == '/');
  }
  return path;
}

static JSModuleDef *compile(const char *source, size_t length, const char *name) {
  JSValue module = JS_Eval(context, source, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(module)) return NULL;
  JSModuleDef *definition = JS_VALUE_GET_PTR(module);
  JS_FreeValue(context, module);
  return definition;
}

/* The engine reads one byte behind a source, which must be 0. */
static JSModuleDef *compile_module(Module *module) {
  module->is_loaded = true;
  char *name = heap_take(module->name_length + 1);
  char *source = heap_take(module->source_length + 1);
  memcpy(name, module->name, module->name_length);
  memcpy(source, module->source, module->source_length);
  JSModuleDef *definition = compile(source, module->source_length, name);
  heap_give(source);
  heap_give(name);
  return definition;
}

static int no_exports(JSContext *ctx, JSModuleDef *module) { return 0; }

static JSModuleDef *find_module(JSContext *ctx, const char *name, void *opaque) {
  for (uint32_t i = 0; i < module_count; i++) {
    if (modules[i].name_length == strlen(name) && memcmp(modules[i].name, name, strlen(name)) == 0) {
      return compile_module(&modules[i]);
    }
  }
  if (modules == NULL) {
    JS_ThrowReferenceError(ctx, "there is no module %s: all modules are given when the script is loaded", name);
    return NULL;
  }
  /* The others are compiled, too, so that the host hears of all that are missing at once. */
  add_text(&missing, name, strlen(name));
  add_text(&missing, importer, strlen(importer));
  missing_count++;
  return JS_NewCModule(ctx, name, no_exports);
}

static _Noreturn void tell_missing(void) {
  Bytes out = out_begin();
  add_word(&out, missing_count);
  bytes_add(&out, missing.at, missing.length);
  if (out.length > MAX_REASON) crash_text("too many modules are missing");
  actor_exit(OWN, out.at, out.length);
}

static uint32_t read_word(const uint8_t **at) {
  uint32_t value;
  memcpy(&value, *at, 4);
  *at += 4;
  return value;
}

static const char *read_text(const uint8_t **at, uint32_t *length) {
  *length = read_word(at);
  const char *text = (const char *)*at;
  *at += *length;
  return text;
}

/* onMessage, main, or all other functions that the module exports. */
static void find_shape(JSModuleDef *module) {
  JSValue exports = JS_GetModuleNamespace(context, module);
  JSPropertyEnum *names;
  uint32_t count;
  JS_GetOwnPropertyNames(context, &names, &count, exports, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY);
  JSValue functions = JS_NewObjectProto(context, JS_NULL);
  JSValue found = JS_UNDEFINED;
  uint32_t others = 0;
  for (uint32_t i = 0; i < count; i++) {
    const char *name = JS_AtomToCString(context, names[i].atom);
    JSValue value = JS_GetProperty(context, exports, names[i].atom);
    if (JS_IsException(value)) crash(JS_GetException(context));
    bool is_function = JS_IsFunction(context, value);
    Shape named = strcmp(name, "onMessage") == 0 ? ON_MESSAGE : strcmp(name, "main") == 0 ? MAIN : FUNCTIONS;
    if (is_function && named == FUNCTIONS) {
      if (strcmp(name, "default") != 0) {
        if (strcmp(name, "then") == 0 || strcmp(name, "constructor") == 0 || strcmp(name, "__proto__") == 0) {
          crash_text("the script exports a function named then, constructor or __proto__, which no one could call");
        }
        others++;
        JS_DefinePropertyValue(context, functions, names[i].atom, JS_DupValue(context, value), JS_PROP_C_W_E);
      }
    } else if (is_function) {
      if (shape != NOT_LOADED) crash_text("the script exports onMessage and main; it can have only one of them");
      shape = named;
      found = JS_DupValue(context, value);
    }
    JS_FreeValue(context, value);
    JS_FreeCString(context, name);
  }
  JS_FreePropertyEnum(context, names, count);
  JS_FreeValue(context, exports);
  if (shape != NOT_LOADED && others > 0) {
    crash_text("the script exports onMessage or main, and other functions, which no one could call: do not export them");
  }
  if (shape == NOT_LOADED && others == 0) {
    crash_text("the script exports no function: export function onMessage(message), async function main(), or functions that the host calls by name");
  }
  if (shape == NOT_LOADED) {
    shape = FUNCTIONS;
    handler = functions;
  } else {
    handler = found;
    JS_FreeValue(context, functions);
  }
}

void load_script(void) {
  size_t length = actor_args(NULL, 0);
  uint8_t *args = heap_take(length);
  actor_args(args, length);
  const uint8_t *at = args;
  uint32_t flags = read_word(&at);
  module_count = read_word(&at);
  modules = heap_take(module_count * sizeof(Module));
  for (uint32_t i = 0; i < module_count; i++) {
    modules[i].name = read_text(&at, &modules[i].name_length);
    modules[i].source = read_text(&at, &modules[i].source_length);
  }
  missing = bytes_in(NULL, 0);
  JSModuleDef *entry = compile_module(&modules[0]);
  /* What import() may ask for later. */
  for (uint32_t i = 1; entry != NULL && i < module_count; i++) {
    if (!modules[i].is_loaded && compile_module(&modules[i]) == NULL) entry = NULL;
  }
  if (entry == NULL) crash(JS_GetException(context));
  if (missing_count > 0) tell_missing();
  heap_give(modules);
  heap_give(args);
  js_free(context, importer);
  importer = NULL;
  modules = NULL;
  module_count = 0;
  if ((flags & FLAG_EVAL) == 0) allow_eval(false);
  JSValue evaluated = JS_EvalFunction(context, JS_DupValue(context, JS_MKPTR(JS_TAG_MODULE, entry)));
  if (JS_IsException(evaluated)) crash(JS_GetException(context));
  run_jobs();
  JSPromiseStateEnum state = JS_PromiseState(context, evaluated);
  if (state == JS_PROMISE_REJECTED) crash(JS_PromiseResult(context, evaluated));
  if (state == JS_PROMISE_PENDING) {
    crash_text("the script awaits at its top level what can only come later: move that into a function");
  }
  JS_FreeValue(context, evaluated);
  find_shape(entry);
}

void write_shape(Bytes *out) {
  JSPropertyEnum *names = NULL;
  uint32_t count = 0;
  if (shape == FUNCTIONS) JS_GetOwnPropertyNames(context, &names, &count, handler, JS_GPN_STRING_MASK);
  add_word(out, 1 + count);
  const char *name = shape == ON_MESSAGE ? "onMessage" : shape == MAIN ? "main" : "functions";
  add_text(out, name, strlen(name));
  for (uint32_t i = 0; i < count; i++) {
    size_t length;
    const char *text = JS_AtomToCStringLen(context, &length, names[i].atom);
    add_text(out, text, length);
    JS_FreeCString(context, text);
  }
  JS_FreePropertyEnum(context, names, count);
}

void script_begin(void) { JS_SetModuleLoaderFunc(runtime, normalize, find_module, NULL); }
