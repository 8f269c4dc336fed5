"""The demo: a local web page on which an agent is trained, watched and explained. It needs NiceGUI."""
