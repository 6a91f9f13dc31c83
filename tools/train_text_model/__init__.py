"""How the text model in ofmemory/infra/text/files was trained: `python -m tools.train_text_model --help`."""
