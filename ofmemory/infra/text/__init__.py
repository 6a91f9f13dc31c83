"""Reading text: emoji, words, language and the one small model, loaded once a process. Knows nothing of fans."""
