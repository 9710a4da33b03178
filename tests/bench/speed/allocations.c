// Counts heap allocations of the program it is preloaded into, in a file that others map: how many by whom.
//
// Slots of three words: the caller's address as an offset into its file, which file (0 the program itself), how often.
// Slot 0 has the whole: allocations of the program and its C++ library, those of all other libraries, slots that ran out.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { slots = 8192, modules_most = 64 };
struct slot {
  _Atomic uintptr_t address;
  _Atomic uintptr_t module;
  _Atomic uint64_t count;
};
static struct slot* table;
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
  if (file < 0 || ftruncate(file, slots * sizeof(struct slot))) return;
  dl_iterate_phdr(note_module, NULL);
  void* mapped = mmap(NULL, slots * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) table = mapped;
}

static void note(void* caller) {
  if (!table) return;
  const uintptr_t address = (uintptr_t)caller;
  const struct module* of = NULL;
  for (int i = 0; i < module_count && !of; ++i)
    if (address >= modules[i].from && address < modules[i].to) of = &modules[i];
  struct slot* whole = &table[0];
  if (!of || !of->ours) {
    atomic_fetch_add_explicit(&whole->module, 1, memory_order_relaxed);
    return;
  }
  atomic_fetch_add_explicit(&whole->address, 1, memory_order_relaxed);
  const uintptr_t key = address - of->base + (of->ours == 2 ? (uintptr_t)1 << 48 : 0);
  for (size_t at = key * 0x9E3779B97F4A7C15u >> 51, tries = 0; tries < 64; ++tries, at = (at + 1) % slots) {
    if (!at) continue;
    struct slot* slot = &table[at];
    uintptr_t there = atomic_load_explicit(&slot->address, memory_order_relaxed);
    if (!there && atomic_compare_exchange_strong(&slot->address, &there, key)) there = key;
    if (there != key) continue;
    atomic_fetch_add_explicit(&slot->count, 1, memory_order_relaxed);
    return;
  }
  atomic_fetch_add_explicit(&whole->count, 1, memory_order_relaxed);
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
void* aligned_alloc(size_t alignment, size_t size) { return aligned(alignment, size, __builtin_return_address(0)); }
void* memalign(size_t alignment, size_t size) { return aligned(alignment, size, __builtin_return_address(0)); }
int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = aligned(alignment, size, __builtin_return_address(0));
  return *out ? 0 : 12;
}
void* _ZnwmSt11align_val_t(size_t size, size_t alignment) {
  return aligned(alignment, size, __builtin_return_address(0));
}
