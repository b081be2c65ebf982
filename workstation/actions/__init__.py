"""Everything a user can ask for, as records: one list makes the menus, the shortcuts and the shortcut sheet."""
