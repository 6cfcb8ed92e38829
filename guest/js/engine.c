/*
 * QuickJS with its allocator, and the state that all scripts begin with. The build runs `engine_init` once and
 * keeps the memory that it leaves as the module's first state, so no actor and no host ever waits for it.
 *
 * The sources of QuickJS are part of this file, so that what has no public function can be reached: its random
 * state, and the stack of a script whose memory is full.
 */
#include <quickjs.c>

#include "engine.h"

JSRuntime *runtime;
JSContext *context;

static void *take(void *opaque, size_t size) { return heap_take(size); }
static void *take_zeros(void *opaque, size_t count, size_t size) { return heap_take(count * size); }
static void give(void *opaque, void *block) { heap_give(block); }
static void *resize(void *opaque, void *block, size_t size) { return heap_resize(block, size); }

static const JSMallocFunctions allocator = {
    .js_calloc = take_zeros, .js_malloc = take, .js_free = give, .js_realloc = resize, .js_malloc_usable_size = heap_size};

void seed_random(void) {
  double seed = env_seed();
  memcpy(&context->random_state, &seed, 8);
  /* The generator never leaves 0. */
  if (context->random_state == 0) context->random_state = 1;
}

void allow_eval(bool allowed) {
  if (!allowed) context->eval_internal = NULL;
}

void note_place(void) {
  char *to = (char *)PLACE_AT, *end = to + PLACE_BYTES - 1;
  *to = 0;
  for (JSStackFrame *frame = runtime->current_stack_frame; frame != NULL; frame = frame->prev_frame) {
    JSObject *function = JS_VALUE_GET_OBJ(frame->cur_func);
    if (!js_class_has_bytecode(function->class_id)) continue;
    JSFunctionBytecode *code = function->u.func.function_bytecode;
    char name[64], file[128];
    int line = code->line_num, column = code->col_num;
    /* A function that has called nothing yet is known by where it begins. */
    if (frame->cur_pc != NULL) line = find_line_num(context, code, frame->cur_pc - code->byte_code_buf - 1, &column);
    JS_AtomGetStrRT(runtime, name, sizeof name, code->func_name);
    JS_AtomGetStrRT(runtime, file, sizeof file, code->filename);
    int length = snprintf(to, end - to, "    at %s (%s:%d:%d)\n", name[0] == 0 ? "<anonymous>" : name, file, line, column);
    if (length >= end - to) {
      *to = 0;
      break;
    }
    to += length;
  }
}

/* QuickJS asks every 10,000 steps of a script, some milliseconds, whether to go on. */
static int note_place_and_go_on(JSContext *ctx, void *opaque) {
  note_place();
  return 0;
}

/* Exercises what scripts use, so that what QuickJS makes when it is first asked is there, once for all actors. */
static const char warm_up[] =
    "(async () => {\n"
    "  const values = [1, 2.5, 'text', [true, null], { a: 1, b: { c: [1, 2] } }, new Uint8Array(4), 10n];\n"
    "  for (const value of values) JSON.stringify(typeof value === 'bigint' ? `${value}` : value);\n"
    "  JSON.parse('{\"a\": [1, 2, {\"b\": \"c\"}], \"d\": 1.5e3}');\n"
    "  const map = new Map([['a', 1]]); map.set('b', 2); [...map.entries()]; new Set([1, 2]).has(1);\n"
    "  [3, 1, 2].sort().map(x => x * 2).filter(x => x > 2).reduce((a, b) => a + b, 0);\n"
    "  'a-b-c'.split('-').join('+').replace(/b/g, 'x').padStart(9).trim().toUpperCase();\n"
    "  class A { #x = 1; get x() { return this.#x; } static y = 2; } class B extends A {} new B().x;\n"
    "  function* generate() { yield 1; } for (const x of generate()) x;\n"
    "  try { null.x; } catch (error) { `${error.stack}`; }\n"
    "  await new Promise(resolve => queueMicrotask(resolve));\n"
    "  const { a, ...rest } = { a: 1, b: 2 }; structuredClone({ ...rest, date: new Date(0) });\n"
    "  Math.random(); new Date(0).toISOString(); (12.5).toFixed(1); parseInt('12');\n"
    "})()";

/* The linker makes it. Who calls it keeps the linker from putting a call of it into each export. */
void __wasm_call_ctors(void);

EXPORT("engine_init") void engine_init(void) {
  __wasm_call_ctors();
  heap_begin();
  runtime = JS_NewRuntime2(&allocator, NULL);
  JS_SetMaxStackSize(runtime, SCRATCH - STACK_END);
  JS_SetInterruptHandler(runtime, note_place_and_go_on, NULL);
  context = JS_NewContext(runtime);
  message_begin();
  natives_begin();
  script_begin();
  JSValue result = JS_Eval(context, warm_up, sizeof warm_up - 1, "warm-up", JS_EVAL_TYPE_GLOBAL);
  run_jobs();
  if (JS_IsException(result) || JS_PromiseState(context, result) != JS_PROMISE_FULFILLED) {
    crash(JS_IsException(result) ? JS_GetException(context) : JS_PromiseResult(context, result));
  }
  JS_FreeValue(context, result);
  JS_RunGC(runtime);
}
