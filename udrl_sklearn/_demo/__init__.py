"""The demo: a local web page that trains an agent, shows its episodes and explains its actions. It needs NiceGUI."""
