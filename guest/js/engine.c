/*
 * QuickJS with its allocator, and the state that all scripts begin with. The build makes it once and
 * keeps the memory that it leaves as the module's first state, so no actor and no host ever waits for it.
 *
 * The sources of QuickJS are part of this file, so that what has no public function can be reached: its random
 * state, and the stack of a script whose memory is full.
 */
#include <quickjs.c>

#include "cbor.h"
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

uint8_t *view_of(JSContext *ctx, size_t *length, JSValueConst array) {
  uint8_t *bytes = JS_GetUint8Array(ctx, length, array);
  /* The length there is that before the buffer was resized. */
  if (!JS_HasException(ctx)) *length = JS_VALUE_GET_OBJ(array)->u.array.count;
  return bytes;
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
    /* A function that has called nothing yet, and has not come round in a loop, is known by where it begins. */
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

/*
 * The build makes two instances. One compiles the library; the other one, which becomes the module's first state,
 * reads what that has compiled, so that no work of the compiler leaves gaps in its heap.
 */

/* The linker makes it. Who calls it keeps the linker from putting a call of it into each export. */
void __wasm_call_ctors(void);

EXPORT("engine_begin") void engine_begin(void) {
  __wasm_call_ctors();
  heap_begin();
  runtime = JS_NewRuntime2(&allocator, NULL);
  JS_SetMaxStackSize(runtime, SCRATCH - STACK_END);
  JS_SetInterruptHandler(runtime, note_place_and_go_on, NULL);
  context = JS_NewContext(runtime);
  message_begin();
  natives_begin();
  script_begin();
}

static void evaluate(JSValue code) {
  JSValue result = JS_EvalFunction(context, code);
  if (JS_IsException(result)) crash(JS_GetException(context));
  run_jobs();
  if (JS_PromiseState(context, result) != JS_PROMISE_FULFILLED) crash(JS_PromiseResult(context, result));
  JS_FreeValue(context, result);
}

/* Compiles a source of the library, writes its bytes to `to`, without sources and lines, and evaluates it. */
EXPORT("engine_compile") size_t engine_compile(const char *name, const char *source, size_t length, uint8_t *to) {
  int type = strncmp(name, "isopod", 6) == 0 ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL;
  JSValue code = JS_Eval(context, source, length, name, type | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(code)) crash(JS_GetException(context));
  size_t written;
  uint8_t *bytes = JS_WriteObject(context, &written, code, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE | JS_WRITE_OBJ_STRIP_DEBUG);
  memcpy(to, bytes, written);
  js_free(context, bytes);
  evaluate(code);
  return written;
}

/* The functions of the library are of a file that is called isopod. */
static void name_functions(void) {
  struct list_head *link;
  list_for_each(link, &runtime->gc_obj_list) {
    JSFunctionBytecode *code = (JSFunctionBytecode *)list_entry(link, JSGCObjectHeader, link);
    if (JS_GC_TYPE(code) == JS_GC_OBJ_TYPE_FUNCTION_BYTECODE && code->filename == JS_ATOM_NULL) code->filename = JS_NewAtom(context, "isopod");
  }
}

/* Evaluates what engine_compile has written. */
EXPORT("engine_evaluate") void engine_evaluate(const uint8_t *bytes, size_t length) {
  JSValue code = JS_ReadObject(context, bytes, length, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(code)) crash(JS_GetException(context));
  if (JS_IsModule(code) && JS_ResolveModule(context, code) < 0) crash(JS_GetException(context));
  name_functions();
  evaluate(code);
}

EXPORT("engine_end") void engine_end(void) { JS_RunGC(runtime); }
