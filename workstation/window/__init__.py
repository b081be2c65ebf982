"""The frame around the pages: main window, patient strip, navigation, theme, icons."""
