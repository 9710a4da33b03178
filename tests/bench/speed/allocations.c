// Counts heap allocations of the program it is preloaded into, in a file that others map: how many by whom.
//
// The file has eight words: allocations of the program and its C++ library, those of all other libraries,
// stacks kept. Behind them stacks of sixteen words, of every so-manieth allocation: 1 where it was a
// library's, then addresses as offsets into the program, the innermost first.
#define _GNU_SOURCE
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { depth = 16, stacks = 1 << 16, one_in = 61, modules_most = 64 };
struct table {
  _Atomic uint64_t ours, others, kept, unused[5];
  uintptr_t stack[stacks][depth];
};
static struct table* table;
static __thread int inside;  // the walk over a stack may allocate itself
static struct module {
  uintptr_t from, to, base;
  int ours;
} modules[modules_most];
static int module_count;

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

static int note_module(struct dl_phdr_info* info, size_t size, void* unused) {
  (void)size, (void)unused;
  for (int i = 0; i < info->dlpi_phnum && module_count < modules_most; ++i) {
    const ElfW(Phdr)* part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
    struct module* m = &modules[module_count++];
    m->base = info->dlpi_addr;
    m->from = info->dlpi_addr + part->p_vaddr;
    m->to = m->from + part->p_memsz;
    m->ours = !*info->dlpi_name ? 1 : strstr(info->dlpi_name, "libstdc++") ? 2 : 0;
  }
  return 0;
}

__attribute__((constructor)) static void begin(void) {
  const char* name = getenv("ALLOCATIONS_FILE");
  if (!name) return;
  const int file = open(name, O_RDWR | O_CREAT, 0644);
  if (file < 0 || ftruncate(file, sizeof(struct table))) return;
  dl_iterate_phdr(note_module, NULL);
  void* mapped = mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  void* frame[1];
  backtrace(frame, 1);  // loads what it needs
  if (mapped != MAP_FAILED) table = mapped;
}

static const struct module* module_of(uintptr_t address) {
  for (int i = 0; i < module_count; ++i)
    if (address >= modules[i].from && address < modules[i].to) return &modules[i];
  return NULL;
}

static void keep_stack(int of_library) {
  const uint64_t at = atomic_fetch_add_explicit(&table->kept, 1, memory_order_relaxed) % stacks;
  void* frames[4 * depth];
  inside = 1;
  const int count = backtrace(frames, 4 * depth);
  inside = 0;
  int filled = 1;
  table->stack[at][0] = of_library;
  for (int i = 0; i < count && filled < depth; ++i) {
    const struct module* of = module_of((uintptr_t)frames[i]);
    if (of && of->ours == 1) table->stack[at][filled++] = (uintptr_t)frames[i] - of->base;
  }
  while (filled < depth) table->stack[at][filled++] = 0;
}

static void note(void* caller) {
  if (!table || inside) return;
  const struct module* of = module_of((uintptr_t)caller);
  const int of_library = !of || !of->ours;
  _Atomic uint64_t* count = of_library ? &table->others : &table->ours;
  if (atomic_fetch_add_explicit(count, 1, memory_order_relaxed) % one_in == 0) keep_stack(of_library);
}

// The C++ library's own operator new would hide its caller from malloc below.
static void* make(size_t size, void* caller) {
  note(caller);
  void* memory = __libc_malloc(size ? size : 1);
  if (!memory) abort();
  return memory;
}
void* _Znwm(size_t size) { return make(size, __builtin_return_address(0)); }
void* _Znam(size_t size) { return make(size, __builtin_return_address(0)); }

void* malloc(size_t size) {
  note(__builtin_return_address(0));
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  note(__builtin_return_address(0));
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  note(__builtin_return_address(0));
  return __libc_realloc(old, size);
}
static void* aligned(size_t alignment, size_t size, void* caller) {
  note(caller);
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return aligned(alignment, size, __builtin_return_address(0));
}
void* memalign(size_t alignment, size_t size) {
  return aligned(alignment, size, __builtin_return_address(0));
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = aligned(alignment, size, __builtin_return_address(0));
  return *out ? 0 : 12;
}
void* _ZnwmSt11align_val_t(size_t size, size_t alignment) {
  return aligned(alignment, size, __builtin_return_address(0));
}
