def edit(p,*pairs):
    s=open(p).read()
    for a,b in pairs:
        if a not in s: print('MISSING in',p,':',a[:80])
        s=s.replace(a,b)
    open(p,'w').write(s)
edit('gateway/main/registry_import_command.cpp',
('''Task<int> import_register(const Console& console, const ImportArguments& arguments,
''','''Task<int> import_register(const Console& console, ImportArguments arguments,
'''),
('''    const auto rules = import_rules(arguments, settings, *meta, file.which);
''','''    if (settings.import.is_signed.has(file.which)) {
      const auto keys = keys_in_force(*meta);
      if (!keys) co_return console.fail(keys.errors);
      const auto said = config::check_signed(arguments.file, file.which, file.rows.size(), file.digest, *keys.value);
      if (!said) co_return console.fail(said.errors);
      // What was signed counts, whatever was written behind the command.
      arguments.serial = said.value->serial;
      arguments.published = said.value->published.text();
    }
    const auto rules = import_rules(arguments, settings, *meta, file.which);
'''),
('#include "config/import_plan.h"\n','#include "config/import_plan.h"\n#include "config/list_signature.h"\n'),
('#include "gateway/main/commands.h"\n','#include "gateway/main/commands.h"\n#include "gateway/main/registry_keys.h"\n'))
edit('gateway/main/commands.h',('''void add_registry_acts(''','''void add_registry_keys(CLI::App& registry, const Console& console, int& code);
void add_registry_acts('''))
edit('gateway/main/registry_commands.cpp',('''  add_registry_acts(*registry, console, code);
''','''  add_registry_acts(*registry, console, code);
  add_registry_keys(*registry, console, code);
'''))
