def card(scores, training):
    return "# primer\n"
