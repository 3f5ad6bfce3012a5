"""Statistics of outcomes: tables of reports, intervals, paired tests, comparisons of two policies."""
